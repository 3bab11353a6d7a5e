/** Every command, in the order of `evenkeel --help`. */

import { apply } from './apply.ts';
import { explain } from './explain.ts';
import { adopt, exportCommand } from './export.ts';
import { first } from './first.ts';
import { health } from './health.ts';
import { history } from './history.ts';
import { logs } from './logs.ts';
import { plan } from './plan.ts';
import type { CommandSpec } from './program.ts';
import { retry } from './retry.ts';
import { run } from './run.ts';
import { serve } from './serve.ts';
import { status } from './status.ts';
import { resume, suspend } from './suspend.ts';
import { validate } from './validate.ts';

export const COMMANDS: readonly CommandSpec[] = [
  validate,
  plan,
  apply,
  run,
  serve,
  status,
  explain,
  logs,
  exportCommand,
  adopt,
  history,
  retry,
  suspend,
  resume,
  first,
  health,
];
