export function checkText(_r: unknown, _f: unknown, _o: unknown): string {
  return '';
}
