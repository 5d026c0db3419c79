// The forms that all tables come in.

export const FORMATS = ['text', 'csv', 'json', 'ndjson'] as const;
export type Format = (typeof FORMATS)[number];
