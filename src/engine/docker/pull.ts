/**
 * One pull, with two deadlines: for a registry that says nothing, and for the whole.
 */
import type { Clock } from '../../service/ports.ts';
import type { Daemon } from './daemon.ts';
import { Failed, quote, translate } from './failures.ts';
import type { Settings } from './options.ts';
import { credentialsFor, registryOf } from './registry.ts';

/** Throws `Failed`, always of reason `image`, `unavailable` (the engine) or `aborted`. `name` has a tag or a digest. */
export async function pull(
  daemon: Daemon,
  settings: Settings,
  name: string,
  ending: AbortSignal,
): Promise<void> {
  const { clock, registryConfig } = settings;
  const registry = registryOf(name);
  const late = deadline(clock, ending);
  late.after(
    settings.registryMs,
    `registry ${registry} did not answer within ${settings.registryMs / 1000} s`,
  );
  try {
    const authconfig = registryConfig === undefined ? undefined : await credentialsFor(registryConfig, name);
    const stream = await daemon.patient.pull(name, {
      abortSignal: late.signal,
      ...(authconfig === undefined ? {} : { authconfig }),
    });
    late.after(settings.pullMs, `pulling ${name} was not done within ${settings.pullMs / 1000} s`);
    await finished(daemon, stream);
  } catch (error) {
    if (late.reason() !== undefined) throw new Failed('image', `could not pull ${name}: ${late.reason()}`);
    if (ending.aborted) throw new Failed('aborted', `pulling ${name} was given up`);
    const failure = translate(error, `pulling ${name}`, (text) => text);
    throw failure.failure.reason === 'unavailable' ? failure : new Failed('image', quote(failure.message));
  } finally {
    late.end();
  }
}

/** Reads the progress to its end; a failure in it is an ordinary line. */
function finished(daemon: Daemon, stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    daemon.patient.modem.followProgress(stream, (error: Error | null, output: readonly unknown[] | null) => {
      const failed = (output ?? []).find(
        (line) => typeof line === 'object' && line !== null && 'error' in line,
      );
      if (error !== null) reject(error);
      else if (failed !== undefined)
        reject(new Failed('image', String((failed as { error: unknown }).error)));
      else resolve();
    });
  });
}

/** Aborts its signal at a time that can be put off; `reason` tells that it did. */
function deadline(clock: Clock, outer: AbortSignal) {
  const abort = new AbortController();
  let waiting = new AbortController();
  let reason: string | undefined;
  const stop = () => abort.abort();
  if (outer.aborted) stop();
  outer.addEventListener('abort', stop, { once: true });
  return {
    signal: abort.signal,
    reason: () => reason,
    after(ms: number, why: string) {
      waiting.abort();
      const mine = new AbortController();
      waiting = mine;
      void clock.sleep(ms, mine.signal).then(() => {
        if (mine.signal.aborted) return;
        reason = why;
        abort.abort();
      });
    },
    end() {
      waiting.abort();
      outer.removeEventListener('abort', stop);
    },
  };
}
