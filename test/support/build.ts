// Builds dist once before the tests, which run it: the code and the command line are tested as users have them.
import { execFileSync } from 'node:child_process';

export function setup(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
