/**
 * Every request passes here: the bound on how many leave (bucket.ts), how many are under way at once (p-queue), and
 * whose turn it is (turns.ts).
 *
 * What waits is a *place*, not a finished request: the best waiter is picked, and asked what to send, only when a
 * token is there, so a decision is never older than its sending. The place is held until `send` ends, which is the
 * HTTP response, never a transition of the service. The wall clock is not read.
 */
import PQueue from 'p-queue';
import type { Clock, Priority } from '../service/ports.ts';
import { onAbort } from './abort.ts';
import { Bucket, type BucketOptions } from './bucket.ts';
import { Turns } from './turns.ts';

export interface PaceOptions extends BucketOptions {
  /** Requests under way at once. */
  readonly concurrency: number;
}

export interface Pace {
  /**
   * Waits for a place, asks `placed` what to send and sends it. Resolves to undefined when `placed` had nothing (token
   * and place go to the next) or `signal` aborted before it was asked. Rejects only with what `placed` or `send` throw.
   */
  run<T, R>(
    priority: Priority,
    placed: () => T | undefined | Promise<T | undefined>,
    send: (value: T) => Promise<R>,
    signal: AbortSignal,
  ): Promise<R | undefined>;
  /** No request for `ms` from now, to anybody: the server asked for patience. */
  pause(ms: number): void;
  /** Milliseconds until the pause ends, 0 when none is on. */
  pausedFor(): number;
}

/** Takes the place; false when it had nothing to send. Never rejects. */
type Waiter = () => Promise<boolean>;

export function createPace(clock: Clock, options: PaceOptions): Pace {
  const bucket = new Bucket(clock, options);
  const turns = new Turns<Waiter>();
  const queue = new PQueue({ concurrency: options.concurrency });
  /** Aborted when the last waiter leaves, so that nobody sleeps through an hour's pause for nothing. */
  let wanted = new AbortController();

  /** One of these is queued for each waiter; it serves whoever is best by then. */
  const serve = async (): Promise<void> => {
    if (turns.isEmpty()) return;
    if (!(await bucket.take(wanted.signal))) return;
    const turn = turns.next();
    if (turn === undefined) return bucket.giveBack();
    turns.used(turn.priority);
    if (!(await turn.waiter())) bucket.giveBack();
  };

  return {
    pause: (ms) => bucket.pause(ms),
    pausedFor: () => bucket.pausedFor(),
    run: (priority, placed, send, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return resolve(undefined);
        const leave = () => {
          turns.remove(priority, waiter);
          resolve(undefined);
          if (!turns.isEmpty()) return;
          wanted.abort();
          wanted = new AbortController();
        };
        const waiter: Waiter = async () => {
          stopListening();
          let spent = false;
          try {
            const value = await placed();
            if (value === undefined) {
              resolve(undefined);
              return false;
            }
            bucket.spend();
            spent = true;
            resolve(await send(value));
          } catch (error) {
            reject(error);
          }
          return spent;
        };
        const stopListening = onAbort(signal, leave);
        turns.add(priority, waiter);
        queue.add(serve).catch(reject);
      }),
  };
}
