/** Programs whose name a test chooses: it is that of their script's file, and may be anything without a slash. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scope } from './scope.js';

/** The words of a Python program. */
export function pythonScript(scope: Scope, name: string, code: string): string[] {
  const path = join(scope.directory(), name);
  writeFileSync(path, code);
  return ['/usr/bin/python3', path];
}
