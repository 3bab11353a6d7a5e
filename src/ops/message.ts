/** What is told to people and forges. Plain data: it lies in the outbox as it is, and holds no secret. */

export type Notice = {
  readonly kind: 'alert' | 'recovery' | 'converged';
  /** One line. */
  readonly title: string;
  /** What is known, and what to do; more lines. */
  readonly text: string;
  /** What it is about, each with a key that stays the same from alert to recovery. */
  readonly causes: readonly string[];
  readonly services: readonly string[];
  readonly revision?: string;
};

export type CommitState = {
  readonly kind: 'commit';
  readonly sha: string;
  readonly state: 'pending' | 'success' | 'failure';
  readonly description: string;
};

export type Content = Notice | CommitState;

/** The id is made when it is decided, and stays through every crash and attempt: a repetition can be told by it. */
export type Message = Content & { readonly id: string };

/** A message on its way to one target. */
export interface Letter {
  /** The message's. */
  readonly id: string;
  readonly target: string;
  /** Wall-clock milliseconds at which it was decided. */
  readonly at: number;
  /** Letters of one topic may stand for each other when there are too many. */
  readonly topic: string;
  /** A newer one of the topic takes its place as long as it has not left. */
  readonly latestOnly: boolean;
  /** Older letters of the topic that this one stands for. */
  readonly collapsed: number;
  readonly message: Message;
}
