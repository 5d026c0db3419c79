// A mistake of the user's: one line of text, no stack, exit code 2.

export class UserError extends Error {
  override readonly name = 'UserError';
}
