/** Posts letters for ever, and says each one's title once `post` has resolved. Killed by outbox.test.ts. */
import { createTransport } from '../../src/api/transport.ts';
import { systemClock, systemRandom } from '../../src/cli/system.ts';
import { Outbox } from '../../src/ops/outbox.ts';
import { secretFile } from '../../src/ops/secret-file.ts';
import { webhookTarget } from '../../src/ops/targets.ts';

const [dir = '', origin = '', secret = '', life = ''] = process.argv.slice(2);
const parts = { name: 'hook', clock: systemClock, connect: createTransport, userAgent: 'child' };
const file = secretFile(secret, { setting: 'child', known: () => {}, lost: () => {} });
const outbox = await Outbox.open({
  dir,
  clock: systemClock,
  random: systemRandom,
  targets: [webhookTarget(parts, () => origin, file, ['alert'], {})],
  told: () => {},
  log: () => {},
});
void outbox.run(new AbortController().signal);
for (let n = 0; ; n++) {
  const title = `life ${life} letter ${n}`;
  await outbox.post({
    id: title.replaceAll(' ', '-'),
    kind: 'alert',
    title,
    text: '',
    causes: [title],
    services: [],
  });
  process.stdout.write(`${title}\n`);
}
