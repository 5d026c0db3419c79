// On which line of a JSON text a value stands: what JSON.parse() does not tell.

/** Of a value: the names and numbers that lead to it. */
export type JsonPath = readonly (string | number)[];

/** As RFC 9535 writes it: $.check['fail-on'][0]. */
export function jsonPathText(path: JsonPath): string {
  const part = (one: string | number) => {
    if (typeof one === 'number') return `[${one}]`;
    return /^[A-Za-z_]\w*$/.test(one) ? `.${one}` : `['${one.replace(/[\\']/g, '\\$&')}']`;
  };
  return `$${path.map(part).join('')}`;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+|\n/g;

/** The line, from 1, of the value's name, or of the value in a list. `text` is valid JSON, which has the value. */
export function lineOfJson(text: string, path: JsonPath): number {
  const at: (string | number)[] = [];
  const isObject: boolean[] = [];
  let line = 1;
  let before = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '\n') {
      line++;
      continue;
    }
    if (token === '{' || token === '[') {
      if (isObject.at(-1) === false && isAt(path, at)) return line;
      isObject.push(token === '{');
      at.push(token === '{' ? '' : 0);
    } else if (token === '}' || token === ']') {
      isObject.pop();
      at.pop();
    } else if (token === ',') {
      const last = at.at(-1);
      if (typeof last === 'number') at[at.length - 1] = last + 1;
    } else if (isObject.at(-1) === true) {
      if (before === '{' || before === ',') {
        at[at.length - 1] = String(JSON.parse(token));
        if (isAt(path, at)) return line;
      }
    } else if (isAt(path, at)) return line;
    before = token;
  }
  return 1;
}

function isAt(path: JsonPath, at: JsonPath): boolean {
  return path.length === at.length && path.every((part, i) => part === at[i]);
}
