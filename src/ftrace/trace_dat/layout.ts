// Where everything is in a trace.dat: what the two readers of metadata (version 6, version 7) give.
import type { EventFormat } from './formats.ts';
import { defaultPageLayout, type LazyBytes, type PageLayout } from './metadata.ts';
import { type BufferInfo, Options } from './options.ts';

export interface Layout {
  page: PageLayout;
  readonly options: Options;
  readonly formats: EventFormat[];
  readonly buffers: BufferInfo[];
  readonly texts: { readonly name: string; readonly bytes: LazyBytes }[];
  kallsyms: LazyBytes;
  cmdlines: LazyBytes;
}

export function emptyLayout(longSize: number): Layout {
  const none = (): undefined => undefined;
  return {
    page: defaultPageLayout(longSize),
    options: new Options(),
    formats: [],
    buffers: [],
    texts: [],
    kallsyms: none,
    cmdlines: none,
  };
}
