/** Every command, in the order of `evenkeel --help`. */
import type { CommandSpec } from './program.ts';
import { validate } from './validate.ts';

export const COMMANDS: readonly CommandSpec[] = [validate];
