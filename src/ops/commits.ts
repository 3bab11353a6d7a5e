/** What becomes of a commit, in the words of a forge's commit status: said once for each change. */
import type { Event } from '../service/event.ts';
import type { CommitState } from './message.ts';

export class Commits {
  #told: CommitState | undefined;
  #sha: string | undefined;
  #complete = true;

  /** `told`: from before a restart. */
  constructor(told: CommitState | undefined) {
    this.#told = told;
  }

  told(): CommitState | undefined {
    return this.#told;
  }

  /** What is to be said now; undefined = nothing new, or the source is no repository. */
  listen(event: Event): CommitState | undefined {
    switch (event.type) {
      case 'pass:start':
        this.#sha = event.commit;
        this.#complete = event.complete;
        if (!this.#complete) return this.#say('failure', 'the manifests cannot all be read');
        return this.#told?.sha === this.#sha ? undefined : this.#say('pending', 'is being carried out');
      case 'pass:end': {
        const { inSync, moving, blocked, failing } = event;
        if (!this.#complete) return undefined;
        if (blocked + failing > 0)
          return this.#say('failure', `${blocked} blocked, ${failing} failing, ${inSync} as wished`);
        if (moving === 0) return this.#success(inSync);
        // What drifts and is healed later is no news of the commit.
        const done = this.#told?.sha === this.#sha && this.#told?.state === 'success';
        return done ? undefined : this.#say('pending', 'is being carried out');
      }
      case 'fleet:converged':
        return this.#complete && event.blocked === 0 ? this.#success(event.services) : undefined;
      default:
        return undefined;
    }
  }

  #success(services: number): CommitState | undefined {
    return this.#say('success', `${services} service${services === 1 ? '' : 's'} as wished`);
  }

  #say(state: CommitState['state'], description: string): CommitState | undefined {
    const sha = this.#sha;
    if (sha === undefined) return undefined;
    const before = this.#told;
    if (before?.sha === sha && before.state === state && before.description === description) return undefined;
    this.#told = { kind: 'commit', sha, state, description };
    return this.#told;
  }
}
