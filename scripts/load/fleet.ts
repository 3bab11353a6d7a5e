/**
 * A server's store with so many running services, and the manifests that they are as wished by: one service is made as
 * everybody makes one, the others are copies of what was stored of it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/cli/system.ts';
import { uuidFrom } from '../../src/server/object.ts';
import { openStore } from '../../src/server/store/lmdb.ts';
import type { Change } from '../../src/service/store.ts';
import { call, createOne, startServer, USER } from '../../test/support/server.ts';

const AT_ONCE = 500;
/** Documents of a file: it stays far below 256 KiB. */
const A_FILE = 200;

export const nameOf = (index: number) => `svc-${index}`;
/** Whose it is; a PATCH of the labels brings it along. */
export const markOf = (index: number) => `default/${nameOf(index)}/a`;
export const uuidOf = (index: number) => uuidFrom('load', String(index));

export async function fill(directory: string, count: number): Promise<void> {
  const server = await startServer();
  const image = 'nginx:1.27';
  const body = {
    name: 'one',
    image,
    target_num_containers: 2,
    container_envvars: [{ key: 'A', value: 'b' }],
  };
  const { uuid } = await createOne(server.url, { ...body, labels: { EVENKEEL_OWNER: 'default/one/a' } });
  await call(server.url, 'POST', `/api/v1/service/${uuid}/start/`);
  await server.idle();
  const definition = await server.store.definition(uuid);
  const containers = (await server.store.engine()).get(uuid) as { containers: { id: string }[] };
  await server.close();
  if (definition?.user !== USER) throw new Error('there is nothing to copy');
  const store = await openStore(directory);
  for (let from = 0; from < count; from += AT_ONCE) {
    const changes = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, place): Change[] => {
      const index = from + place;
      const [key, name] = [uuidOf(index), nameOf(index)];
      const labels = { EVENKEEL_OWNER: markOf(index) };
      const spec = { ...definition.spec, labels };
      const own = { ...definition, uuid: key, name, uniqueName: name, spec, actions: [], version: 1 };
      const site = {
        ...containers,
        containers: containers.containers.map((one) => ({ ...one, id: `${one.id}-${index}` })),
      };
      return [
        { table: 'definitions', put: { ...own, createdAt: definition.createdAt + index } },
        { table: 'engine', key, put: site },
      ];
    });
    await store.write(changes.flat());
    await systemClock.sleep(0);
  }
  await store.close();
}

export function writeManifests(directory: string, count: number): void {
  mkdirSync(directory, { recursive: true });
  for (let from = 0; from < count; from += A_FILE) {
    const texts = Array.from({ length: Math.min(A_FILE, count - from) }, (_, place) => {
      const name = nameOf(from + place);
      return `name: ${name}\nimage: nginx:1.27\ntarget_num_containers: 2\ncontainer_envvars: [{ key: A, value: b }]\n`;
    });
    writeFileSync(join(directory, `${from}.yaml`), texts.join('---\n'));
  }
}
