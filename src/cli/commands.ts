/** Every command, in the order of `evenkeel --help`. */
import { apply } from './apply.ts';
import { plan } from './plan.ts';
import type { CommandSpec } from './program.ts';
import { validate } from './validate.ts';

export const COMMANDS: readonly CommandSpec[] = [validate, plan, apply];
