// `npm run wasm`: compiles the scanner into a module of TypeScript, so that nothing but tsc is needed to build the rest.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import asc from 'assemblyscript/asc';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const SOURCE = 'src/ftrace/scan/assembly/scanner.ts';
export const TARGET = path.join(ROOT, 'src/ftrace/scan/scanner_wasm.ts');
/** 64 KiB each: all that memory.ts has a place for. */
const PAGES = '42';

/** What the target should hold. */
export async function compiled() {
  const limits = ['--initialMemory', PAGES, '--maximumMemory', PAGES];
  let bytes = new Uint8Array(0);
  const { error, stderr } = await asc.main(
    [
      SOURCE,
      '--baseDir',
      ROOT,
      '--outFile',
      'out.wasm',
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '-O3',
      '--noAssert',
      ...limits,
    ],
    {
      writeFile: (_name, contents) => {
        bytes = contents;
      },
    },
  );
  if (error !== null) throw new Error(stderr.toString());
  const text = Buffer.from(bytes).toString('base64');
  return `// Made of ${SOURCE} by \`npm run wasm\`: not to be edited.\n\n/** WebAssembly, in base64. */\nexport const SCANNER =\n  '${text}';\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(TARGET, await compiled());
