/**
 * The notifications file (`run --notifications`) made into targets, and the outbox in the state directory that delivers
 * to them.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createTransport, type Transport } from '../api/transport.ts';
import type { Message, Notice } from '../ops/message.ts';
import { type Notes, Notifier, type NotifierParts } from '../ops/notifier.ts';
import { Outbox, type OutboxParts, type Target } from '../ops/outbox.ts';
import type { SecretFile } from '../ops/secret-file.ts';
import { writeSynced } from '../ops/synced.ts';
import { commitStatusTarget, slackTarget, type TargetParts, webhookTarget } from '../ops/targets.ts';
import { blockSentence, objectionSentence } from '../render/blocks.ts';
import { failureText } from '../render/progress.ts';
import { visible } from '../render/safe.ts';
import { readSettings } from '../server/settings-file.ts';
import { UserError } from '../service/failure.ts';
import type { Log } from './log.ts';
import type { Call } from './program.ts';
import { version } from './version.ts';

type Row =
  | {
      readonly name: string;
      readonly type: 'webhook';
      readonly url_file: string;
      readonly secret_file: string;
      readonly send?: readonly Notice['kind'][];
    }
  | {
      readonly name: string;
      readonly type: 'slack';
      readonly url_file: string;
      readonly send?: readonly Notice['kind'][];
    }
  | {
      readonly name: string;
      readonly type: 'commit-status';
      readonly api_url: string;
      readonly repository: string;
      readonly token_file: string;
      readonly context?: string;
      readonly link?: string;
    };

export interface Targets {
  readonly all: readonly Target[];
  close(): void;
}

const DEFAULT_SEND: readonly Notice['kind'][] = ['alert', 'recovery'];

/** Throws UserError: EK523 (the file), EK504, EK520 (a file of secrets that it names). */
export async function readTargets(
  path: string,
  call: Call,
  secrets: (file: string, setting: string) => SecretFile,
  from: Readonly<Record<string, string>>,
): Promise<Targets> {
  const { targets } = await readSettings<{ targets: readonly Row[] }>(
    path,
    'notifications.schema.json',
    'EK523',
  );
  const twice = targets.find(
    ({ name }, index) => targets.findIndex((other) => other.name === name) !== index,
  );
  if (twice !== undefined) throw new UserError('EK523', `${path}: two targets are named ${twice.name}`, 3);
  const transports = new Map<string, Transport>();
  const connect = (origin: string) => {
    const known = transports.get(origin) ?? createTransport(origin);
    transports.set(origin, known);
    return known;
  };
  const all = targets.map((row): Target => {
    const parts: TargetParts = {
      name: row.name,
      clock: call.io.clock,
      connect,
      userAgent: `evenkeel/${version()}`,
    };
    const file = (name: string) => secrets(resolve(dirname(path), name), `--notifications: ${row.name}`);
    if (row.type === 'commit-status') {
      const { api_url: api, repository, context = 'evenkeel', link } = row;
      return commitStatusTarget(parts, { api, repository, context, link }, file(row.token_file));
    }
    const url = file(row.url_file);
    const address = () => url.values()[0] ?? '';
    const send = row.send ?? DEFAULT_SEND;
    if (row.type === 'slack') return slackTarget(parts, address, send);
    return webhookTarget(parts, address, file(row.secret_file), send, from);
  });
  return {
    all,
    close() {
      for (const transport of transports.values()) transport.close();
    },
  };
}

export interface Telling {
  readonly notifier: Notifier;
  readonly waiting: () => number;
  /** Delivers until it is closed; what has not left then leaves in the next life. */
  close(): Promise<void>;
}

/** Opens the outbox in the state directory `dir`. UserError EK703: it cannot be used. */
export async function startTelling(
  dir: string,
  { all, close }: Targets,
  { io, secrets }: Call,
  log: Log,
  status: NotifierParts['status'],
  told: OutboxParts['told'],
): Promise<Telling> {
  const { clock, random } = io;
  const outbox = await Outbox.open({
    dir: join(dir, 'outbox'),
    clock,
    random,
    targets: all,
    told,
    log: log.write,
  }).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(
      'EK703',
      `--state-dir: ${join(dir, 'outbox')} cannot be used: ${error.code ?? 'unknown'}`,
    );
  });
  const path = join(dir, 'told.json');
  const words = {
    block: (name: string, block: Parameters<typeof blockSentence>[1]) => blockSentence(name, block, visible),
    failure: failureText,
    objection: (objection: Parameters<typeof objectionSentence>[0]) => objectionSentence(objection, visible),
  };
  const notifier = new Notifier({
    clock,
    random,
    status,
    words,
    notes: await readNotes(path),
    async post(messages) {
      for (const message of messages) await outbox.post(cleaned(message, secrets.clean));
    },
    keep: (notes) => writeSynced(path, JSON.stringify(notes)).catch(() => {}),
  });
  const over = new AbortController();
  const working = Promise.all([outbox.run(over.signal), notifier.run(over.signal)]);
  return {
    notifier,
    waiting: () => outbox.waiting(),
    async close() {
      over.abort();
      await working;
      close();
    },
  };
}

/** Text that others wrote, without the secrets that are known, and harmless. */
function cleaned(message: Message, clean: (text: string) => string): Message {
  const safe = (text: string) =>
    text
      .split('\n')
      .map((line) => visible(clean(line)))
      .join('\n');
  if (message.kind === 'commit') return message;
  return { ...message, title: visible(message.title), text: safe(message.text) };
}

async function readNotes(path: string): Promise<Notes> {
  try {
    const notes = JSON.parse(await readFile(path, 'utf8')) as Notes;
    return Array.isArray(notes.told) ? notes : { told: [] };
  } catch {
    return { told: [] };
  }
}
