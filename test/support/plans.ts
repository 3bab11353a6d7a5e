/**
 * Plans to render: a builder of each part, one example of every code there is, and a plan with something of everything.
 */
import type { Event } from '../../src/service/event.ts';
import type {
  Plan,
  PlannedOperation,
  PlannedService,
  PlannedWait,
  PlanSummary,
} from '../../src/service/plan.ts';
import type { Block, Difference, Note, Objection, Operation, Reason } from '../../src/service/service.ts';
import type { MovingState, ServiceState } from '../../src/service/states.ts';

/** Stands wherever a value of an environment variable can be; it must be in no output. */
export const CANARY = 'canary-s3cr3t-"value"';

export const UUID = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

let seq = 0;

export function operation(
  op: Operation,
  leadsTo: ServiceState | undefined,
  why: Reason = { code: 'missing' },
): PlannedOperation {
  seq += 1;
  return { kind: 'operation', seq, operation: op, why, leadsTo };
}

export function wait(state: MovingState, until: ServiceState): PlannedWait {
  return { kind: 'wait', wait: state, until };
}

export function service(name: string, more: Partial<PlannedService> = {}): PlannedService {
  return {
    name,
    uuid: UUID(1),
    want: 'running',
    state: 'Running',
    course: [],
    end: { kind: 'in-sync', notes: [] },
    differences: [],
    unmanaged: [],
    unknowns: [],
    replaces: false,
    dependsOn: [],
    place: { file: 'fleet/services.yaml', line: 1, col: 1 },
    ...more,
  };
}

export function plan(services: readonly PlannedService[], more: Partial<Plan> = {}): Plan {
  const verbs = services.flatMap((one) =>
    one.course.flatMap((move) => (move.kind === 'operation' ? [move.operation.verb] : [])),
  );
  const count = (verb: string) => verbs.filter((one) => one === verb).length;
  const summary: PlanSummary = {
    create: count('create'),
    update: count('update'),
    start: count('start'),
    stop: count('stop'),
    redeploy: count('redeploy'),
    delete: services.filter((one) => one.want === 'absent').length,
    replace: services.filter((one) => one.replaces).length,
    inSync: services.filter((one) => one.course.length === 0 && one.end.kind === 'in-sync').length,
    blocked: services.filter((one) => one.end.kind === 'blocked').length,
    waits: services.flatMap((one) => one.course).filter((move) => move.kind === 'wait').length,
    orphans: more.orphans?.length ?? 0,
    notExamined: 0,
    forecast: { writes: verbs.length, atLeastSeconds: Math.max(0, verbs.length - 10) / 10 },
  };
  return {
    revision: 'r1',
    exitCode: verbs.length > 0 ? 2 : 0,
    services: [...services].sort((a, b) => (a.name < b.name ? -1 : 1)),
    orphans: [],
    objections: [],
    summary,
    names: {},
    ...more,
  };
}

const DIFFERENCES: readonly Difference[] = [
  { field: 'image', live: 'nginx:1.26', wanted: 'nginx:1.27' },
  { field: 'container_envvars', key: 'LOG_LEVEL', change: 'changed' },
];

export const EVERY_OBJECTION: { readonly [Code in Objection['code']]: Extract<Objection, { code: Code }> } = {
  'too-many': { code: 'too-many', names: ['api', 'db', 'web'], limit: 2, owned: 10, recent: 1 },
  everything: { code: 'everything', names: ['db', 'web'] },
};

export const EVERY_REASON: { readonly [Code in Reason['code']]: Extract<Reason, { code: Code }> } = {
  missing: { code: 'missing' },
  'never-deployed': { code: 'never-deployed' },
  differs: { code: 'differs', differences: DIFFERENCES },
  'cannot-patch': { code: 'cannot-patch', fields: ['image', 'roles'] },
  state: { code: 'state', state: 'Stopped', want: 'running' },
  'redeploy-token': { code: 'redeploy-token', token: '2026-11-23' },
  'record-token': { code: 'record-token', token: '2026-11-23' },
  'no-way-out': { code: 'no-way-out', state: 'Not running' },
  unwanted: { code: 'unwanted' },
};

export const EVERY_BLOCK: { readonly [Code in Block['code']]: Extract<Block, { code: Code }> } = {
  foreign: { code: 'foreign', uuid: UUID(7), owner: 'other-team' },
  namesakes: { code: 'namesakes', uuids: [UUID(7), UUID(8)] },
  'unknown-state': { code: 'unknown-state', state: 'Hibernating' },
  protected: { code: 'protected', verb: 'delete' },
  'replace-off': { code: 'replace-off', fields: ['image'], state: 'Running' },
  'replace-unlinks': { code: 'replace-unlinks', dependant: 'web' },
  'capability-missing': { code: 'capability-missing', extension: 'bindings', fields: ['bindings'] },
  'capability-lost': { code: 'capability-lost', extension: 'patch=all', fields: ['image', 'roles'] },
  dependency: { code: 'dependency', name: 'db', why: 'stalled' },
  unverified: { code: 'unverified', uuid: UUID(7) },
  quarantined: { code: 'quarantined', verb: 'update', times: 2 },
  'duplicate-create': { code: 'duplicate-create', uuids: [UUID(7), UUID(8)] },
  unset: {
    code: 'unset',
    unknowns: [{ field: 'container_envvars', key: 'DB_PASSWORD', variable: 'DB_PASSWORD' }],
  },
  refused: {
    code: 'refused',
    verb: 'update',
    message: 'image: no such image',
    place: { file: 'fleet/web.yaml', line: 2, col: 8 },
  },
  'deletes-refused': { code: 'deletes-refused', objection: EVERY_OBJECTION['too-many'] },
  'linked-from': { code: 'linked-from', by: ['web'] },
  suspended: {
    code: 'suspended',
    until: Date.UTC(2026, 10, 24, 14),
    by: 'ann',
    reason: 'the database is being moved',
  },
  contention: { code: 'contention', verb: 'update', times: 3, until: Date.UTC(2026, 10, 24, 12, 10) },
};

export const EVERY_NOTE: { readonly [Code in Note['code']]: Extract<Note, { code: Code }> } = {
  listed: { code: 'listed', differences: DIFFERENCES },
  'token-assumed-served': { code: 'token-assumed-served', token: '2026-11-23' },
  'deployed-once': { code: 'deployed-once' },
  adopted: { code: 'adopted' },
  unverified: { code: 'unverified' },
  frozen: { code: 'frozen' },
  'dependency-not-running': { code: 'dependency-not-running', name: 'db' },
  'terminated-twin': { code: 'terminated-twin', uuid: UUID(9) },
};

/** A plan with something of everything that a plan can show. */
export function fullPlan(): Plan {
  seq = 0;
  const env = [{ key: 'DB_PASSWORD', value: CANARY }];
  const unwanted: Reason = { code: 'unwanted' };
  const services: readonly PlannedService[] = [
    service('api', {
      course: [
        operation({ verb: 'update', uuid: UUID(1), patch: { target_num_containers: 7 } }, 'Scaling', {
          code: 'differs',
          differences: [{ field: 'target_num_containers', live: 2, wanted: 7 }],
        }),
        wait('Scaling', 'Running'),
      ],
      differences: [{ field: 'target_num_containers', live: 2, wanted: 7 }],
      unmanaged: ['labels', 'roles'],
    }),
    service('cache', {
      uuid: undefined,
      state: undefined,
      course: [
        operation(
          { verb: 'create', spec: { image: 'redis:7', container_envvars: env }, redeployToken: undefined },
          'Init',
        ),
        operation({ verb: 'start', uuid: '@cache' }, 'Starting', {
          code: 'state',
          state: 'Init',
          want: 'running',
        }),
        wait('Starting', 'Running'),
      ],
    }),
    service('db', {
      replaces: true,
      course: [
        operation({ verb: 'terminate', uuid: UUID(3) }, 'Terminating', {
          code: 'cannot-patch',
          fields: ['image', 'container_envvars'],
        }),
        wait('Terminating', 'Terminated'),
        operation(
          {
            verb: 'create',
            spec: { image: 'postgres:16', container_envvars: env },
            redeployToken: undefined,
          },
          'Init',
        ),
        operation({ verb: 'start', uuid: '@db' }, 'Starting', EVERY_REASON.state),
        wait('Starting', 'Running'),
      ],
      differences: [
        { field: 'image', live: 'postgres:15', wanted: 'postgres:16' },
        { field: 'container_envvars', key: 'DB_PASSWORD', change: 'changed' },
        { field: 'container_envvars', key: 'PGDATA', change: 'added' },
        { field: 'container_envvars', key: 'OLD', change: 'removed' },
      ],
    }),
    service('job', { state: 'Not running', end: { kind: 'in-sync', notes: [EVERY_NOTE['deployed-once']] } }),
    service('legacy', { end: { kind: 'blocked', block: EVERY_BLOCK.foreign } }),
    service('mail', { state: 'Starting', course: [wait('Starting', 'Running')] }),
    service('old-api', {
      want: 'absent',
      course: [
        operation({ verb: 'terminate', uuid: UUID(5) }, 'Terminating', unwanted),
        wait('Terminating', 'Terminated'),
      ],
      place: undefined,
    }),
    service('quiet'),
    service('search', {
      course: [{ kind: 'wait', wait: 'uncertain', until: undefined }],
      state: undefined,
      uuid: undefined,
    }),
    service('web', {
      course: [
        operation(
          {
            verb: 'update',
            uuid: UUID(6),
            patch: { container_envvars: env, linked_to_service: [{ to_service: '@db', name: 'db' }] },
          },
          'Redeploying',
          { code: 'differs', differences: DIFFERENCES },
        ),
        wait('Redeploying', 'Running'),
      ],
      differences: [
        {
          field: 'container_ports',
          live: [{ protocol: 'tcp', inner_port: 80 }],
          wanted: [{ protocol: 'tcp', inner_port: 80, outer_port: 8080 }],
        },
        {
          field: 'linked_to_service',
          live: [{ to_service: `/api/v1/service/${UUID(3)}/`, name: 'database' }],
          wanted: [{ to_service: '@db', name: 'db' }],
        },
        { field: 'labels', live: undefined, wanted: { tier: 'front' } },
        { field: 'container_envvars', key: 'LOG_LEVEL', change: 'changed' },
      ],
      unknowns: [{ field: 'container_envvars', key: 'TOKEN', variable: 'WEB_TOKEN' }],
      dependsOn: ['db'],
    }),
  ];
  return plan(services, {
    exitCode: 4,
    orphans: [{ name: 'forgotten', uuid: UUID(11), state: 'Running', why: 'prune-never' }],
    objections: [EVERY_OBJECTION['too-many']],
    names: { [UUID(3)]: 'db' },
  });
}

/** Text that tries to be more than text, wherever somebody else chooses it. */
export const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '@everyone please [click](javascript:alert(1)) ![x](http://evil.example/x.png)',
  'a | b | c',
  '`` ` ``` code',
  'line one\nline two\r\n::error::forged\n# heading',
  '\u001b[31mred\u001b[0m\u001b]0;title\u0007',
  '##[error]forged ##vso[task.setvariable]x',
  '\u202ereversed\u2066\u200b',
  '<!-- evenkeel-plan -->',
  '--> </details> <details>',
];

/** A service every word of which is somebody else's. */
export function hostileService(name: string, text: string): PlannedService {
  return service(`${name}${text}`, {
    state: text,
    course: [
      operation({ verb: 'update', uuid: text, patch: { image: text } }, undefined, {
        code: 'redeploy-token',
        token: text,
      }),
    ],
    end: {
      kind: 'blocked',
      block: { ...EVERY_BLOCK.refused, message: text, place: { file: text, line: 1, col: 1 } },
    },
    differences: [
      { field: 'image', live: text, wanted: text },
      { field: 'labels', live: { [text]: text }, wanted: { [text]: text } },
      { field: 'linked_to_service', live: [{ to_service: text, name: text }], wanted: [] },
      { field: 'container_envvars', key: text, change: 'added' },
    ],
    unknowns: [{ field: 'container_envvars', key: text, variable: text }],
    dependsOn: [text],
  });
}

const LOOK_AGAIN = {
  kind: 'look-again',
  status: 400,
  message: 'the state Scaling allows no action',
} as const;

/** One of each event. */
export const EVERY_EVENT: { readonly [Type in Event['type']]: Extract<Event, { type: Type }> } = {
  'pass:start': { type: 'pass:start', revision: 'r1', services: 3, complete: true },
  'pass:failed': { type: 'pass:failed', revision: 'r1', tookMs: 30 },
  'pass:end': {
    type: 'pass:end',
    revision: 'r1',
    inSync: 1,
    moving: 1,
    blocked: 1,
    failing: 0,
    tookMs: 12,
  },
  'fleet:converged': { type: 'fleet:converged', services: 3, blocked: 0 },
  'observation:failed': {
    type: 'observation:failed',
    failure: { kind: 'not-sent', message: 'connection refused' },
  },
  'observation:recovered': { type: 'observation:recovered' },
  'source:incomplete': { type: 'source:incomplete', problems: ['web.yaml:3:1 no value'] },
  'source:recovered': { type: 'source:recovered', revision: 'r2' },
  'source:changed': { type: 'source:changed', revision: 'r2', names: ['db', 'web'] },
  'operation:accepted': {
    type: 'operation:accepted',
    name: 'web',
    uuid: UUID(1),
    operation: { verb: 'update', uuid: UUID(1), patch: { target_num_containers: 7 } },
    why: { code: 'differs', differences: [{ field: 'target_num_containers', live: 2, wanted: 7 }] },
    before: { state: 'Running', target: 2 },
    state: 'Scaling',
  },
  'operation:failed': {
    type: 'operation:failed',
    name: 'web',
    verb: 'update',
    failure: LOOK_AGAIN,
    attempts: 2,
    retryInMs: 1500,
  },
  'create:uncertain': { type: 'create:uncertain', name: 'db', attempt: 'a1', untilMs: 60_000 },
  'create:found': { type: 'create:found', name: 'db', uuid: UUID(2) },
  'service:decided': { type: 'service:decided', name: 'web', decision: 'wait', state: 'Scaling' },
  'service:blocked': { type: 'service:blocked', name: 'legacy', block: EVERY_BLOCK.foreign },
  'service:stalled': {
    type: 'service:stalled',
    name: 'db',
    state: 'Starting',
    forMs: 600_000,
    evidence: 'the server says: no such image',
  },
  'service:off-plan': { type: 'service:off-plan', name: 'web', verb: 'redeploy', why: EVERY_REASON.state },
  'service:in-sync': { type: 'service:in-sync', name: 'web', state: 'Running' },
  'service:foreign-change': {
    type: 'service:foreign-change',
    name: 'web',
    uuid: UUID(1),
    fields: ['target_num_containers'],
    by: {
      action: 'Service Update',
      method: 'PATCH',
      user: 'ann',
      agent: 'tutum-cli/0.20',
      ip: '10.0.0.7',
      at: 'Tue, 24 Nov 2026 14:02:00 +0000',
    },
  },
  'suspend:on': {
    type: 'suspend:on',
    names: ['web', 'db'],
    until: Date.UTC(2026, 10, 24, 14),
    by: 'ann',
    reason: 'the database is being moved',
  },
  'suspend:off': { type: 'suspend:off', names: [], why: 'resumed', by: 'ann' },
  'deletes:refused': { type: 'deletes:refused', objection: EVERY_OBJECTION.everything },
  'orphans:left': { type: 'orphans:left', names: ['api', 'old'], why: 'prune-never' },
  'journal:failed': { type: 'journal:failed', message: 'ENOSPC: no space left on device' },
  'stop:requested': { type: 'stop:requested', signal: 'SIGTERM' },
  'stop:done': { type: 'stop:done', undone: ['db'] },
};
