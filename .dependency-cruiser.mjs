/**
 * The house of docs/architecture.md, enforced. Each rule's comment is its reason; test/tooling plants a violation of
 * each kind and sees it found.
 */
const EDGES = 'manifest|source|api|engine|render|journal';
const MOTION = 'drive|server|ops';

const error = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** A package that only the named folders may import: the rest of the program does not know that it exists. */
const onlyIn = (pack, folders, comment, name = pack) =>
  error(
    `${name}-at-home`,
    comment,
    { path: '^src/', pathNot: `^src/(${folders})` },
    { path: `node_modules/${pack}/` },
  );

export default {
  forbidden: [
    error(
      'pure-floors',
      'service/ and decide/ are values and functions: no package, no node:, no I/O, no clock.',
      { path: '^src/(service|decide)/' },
      { pathNot: '^src/' },
    ),
    error(
      'nouns-first',
      'service/ is the vocabulary everything else is written in; it knows only itself.',
      { path: '^src/service/' },
      { path: '^src/', pathNot: '^src/service/' },
    ),
    error(
      'decide-knows-no-world',
      'decide/ must give the same answer to plan and to apply, so it sees values only.',
      { path: '^src/decide/' },
      { path: '^src/', pathNot: '^src/(service|decide)/' },
    ),
    error(
      'edges-are-strangers',
      'Edges know the nouns and the verbs, not each other and nothing above; they meet in cli/compose.ts.',
      { path: `^src/(${EDGES})/` },
      { path: '^src/', pathNot: ['^src/$1/', '^src/(service|decide)/'] },
    ),
    error(
      'motions-are-strangers',
      'Drive, server and ops are handed their edges as arguments (service/ports.ts); they meet in cli/compose.ts.',
      { path: `^src/(${MOTION})/` },
      { path: '^src/', pathNot: ['^src/$1/', '^src/(service|decide)/'] },
    ),
    error(
      'no-circular',
      'Two modules that need each other are one module, or hide a third.',
      {},
      { circular: true },
    ),
    error(
      'no-orphans',
      'Nobody imports it and it imports nobody: dead wood.',
      { orphan: true, pathNot: '\\.d\\.ts$' },
      {},
    ),
    error(
      'not-unreachable',
      'The program cannot get there from its entry: dead wood.',
      { path: '^src/cli/main\\.ts$' },
      { path: '^src/', reachable: false },
    ),
    error(
      'no-dep-on-test',
      'The program must run without its tests.',
      { path: '^src/' },
      { path: '^(test|bench|scripts)/' },
    ),
    error(
      'not-to-dev-dep',
      'A user has production dependencies only.',
      { path: '^src/' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
    error(
      'not-to-unresolvable',
      'An import that is in no package.json works on one machine only.',
      {},
      { couldNotResolve: true },
    ),
    onlyIn('chokidar', 'source/', 'Watching is the business of a source.'),
    onlyIn('axios', 'api/', 'Every request to the service API passes api/pace.ts.'),
    onlyIn('p-queue', 'api/', 'One queue, one pace.'),
    onlyIn('(fastify|@fastify/[^/]+)', '(server|ops)/', 'HTTP comes in at the server and at ops.', 'fastify'),
    onlyIn('commander', 'cli/', 'Only the command line knows that there is a command line.'),
    onlyIn(
      '(yaml|ajv|ajv-formats)',
      '(manifest|server|cli)/',
      'Text from outside is read and checked at the doors.',
      'yaml-and-ajv',
    ),
    onlyIn('pino', 'cli/', 'Everything below reports events; only the command line writes a log.'),
    onlyIn('picocolors', 'cli/', 'Renderers are handed their colours, so that they stay pure.'),
    onlyIn('dockerode', 'engine/', 'Only an engine speaks to Docker.'),
    onlyIn('prom-client', 'ops/', 'Metrics are the business of the outside face; the rest reports events.'),
    onlyIn('lmdb', 'server/', 'The store of the server; the client keeps a journal.'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
