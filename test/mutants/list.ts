import { DECIDE } from './decide.ts';
import { DRIVE } from './drive.ts';
import type { Mutant } from './mutant.ts';
import { OUTSIDE } from './outside.ts';
import { SERVER } from './server.ts';

export const MUTANTS: readonly Mutant[] = [...DECIDE, ...DRIVE, ...OUTSIDE, ...SERVER];
