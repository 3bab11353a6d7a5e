/** Every course there is: the specification of what evenkeel prefers, to be read by a person. */
import { describe, expect, test } from 'vitest';
import { unfold } from '../../src/decide/unfold.ts';
import type { Observed, Policy } from '../../src/service/service.ts';
import { STATE_NAMES } from '../../src/service/states.ts';
import { drawCourse, drawTable } from '../support/courses.ts';
import {
  ALL_EXTENSIONS,
  desired,
  LOST,
  MISSING,
  observed,
  policy,
  REFERENCE,
  REPORTED,
  type Wished,
} from '../support/services.ts';

const SCALED = { image: 'nginx:1', target_num_containers: 5 };
const ZERO = { image: 'nginx:1', target_num_containers: 0 };
const PATCHED = { image: 'nginx:2', target_num_containers: 2 };
const BOTH = { image: 'nginx:2', target_num_containers: 5 };
const LABELLED = { image: 'nginx:1', target_num_containers: 2, autorestart: 'ALWAYS' as const };

const WISHES: Readonly<Record<string, Wished | undefined>> = {
  running: desired(),
  'running, scaled': desired({ spec: SCALED }),
  'running, target 0': desired({ spec: ZERO }),
  'running, other image': desired({ spec: PATCHED }),
  'running, image + target': desired({ spec: BOTH }),
  'running, autorestart': desired({ spec: LABELLED }),
  stopped: desired({ want: 'stopped' }),
  'stopped, scaled': desired({ want: 'stopped', spec: SCALED }),
  'stopped, other image': desired({ want: 'stopped', spec: PATCHED }),
  'state ignored': desired({ ignore: ['state'] }),
  'state ignored, image': desired({ ignore: ['state'], spec: PATCHED }),
  run_once: desired({ runOnce: true }),
  'run_once, other image': desired({ runOnce: true, spec: PATCHED }),
  token: desired({ redeploy: 't2' }),
  'token, image': desired({ redeploy: 't2', spec: PATCHED }),
  'token, scaled': desired({ redeploy: 't2', spec: SCALED }),
  'token, stopped': desired({ redeploy: 't2', want: 'stopped' }),
  'token, target 0': desired({ redeploy: 't2', spec: ZERO }),
  'token, run_once': desired({ redeploy: 't2', runOnce: true }),
  absent: undefined,
};

const STARTS: Readonly<Record<string, Observed>> = {
  '(missing)': MISSING,
  '(gone, deployed)': { exists: false, deployedBefore: true, redeployToken: null },
  ...Object.fromEntries(STATE_NAMES.map((state) => [state, observed(state)])),
  'Not running, 0': observed('Not running', { fields: { ...REPORTED, target_num_containers: 0 } }),
  'Stopped, 0': observed('Stopped', { fields: { ...REPORTED, target_num_containers: 0 } }),
  'Running, no memory': observed('Running', { redeployToken: undefined }),
  '(unknown state)': {
    exists: 'unclear',
    uuid: 'u-web',
    state: 'Unreachable',
    deployedBefore: false,
    redeployToken: null,
  },
};

const POLICIES: Readonly<Record<string, Policy>> = {
  'our server (all extensions), replace off': policy(),
  'our server (all extensions), replace on': policy({ allowReplace: true }),
  'reference server, replace off': policy({ capabilities: REFERENCE }),
  'reference server, replace on': policy({ capabilities: REFERENCE, allowReplace: true }),
  'reference server, replace on, protected': policy({
    capabilities: REFERENCE,
    allowReplace: true,
    protect: true,
  }),
  'extensions lost, replace on': policy({ capabilities: LOST, allowReplace: true }),
};

test('every course is the one that is written down', async () => {
  expect(ALL_EXTENSIONS.offered.length).toBe(9);
  const pages = Object.entries(POLICIES).map(([title, given]) => {
    const rows = Object.entries(WISHES).map(([wishTitle, wished]) => {
      const lines = Object.entries(STARTS).map(([startTitle, start]) => [
        startTitle,
        drawCourse(unfold(wished ?? { want: 'absent', name: 'web' }, start, given)),
      ]);
      return `── ${wishTitle}\n${drawTable(lines)}`;
    });
    return `══ ${title}\n\n${rows.join('\n\n')}\n`;
  });
  await expect(`${pages.join('\n')}`).toMatchFileSnapshot('../golden/courses.txt');
});

describe('a course of a service that is where it should be', () => {
  test('is empty', () => {
    expect(unfold(desired(), observed('Running'), policy()).moves).toEqual([]);
  });
});
