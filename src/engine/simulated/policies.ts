/**
 * What happens to a container that ends by itself: autorestart (the same one again), else autoreplace (a new one in its
 * place), else autodestroy (removed). Restarts back off, so that a crash loop does not spin.
 */

import type { Clock } from '../../service/ports.ts';
import type { Auto } from '../../service/spec.ts';
import { endContainer, type Images, newContainer, startContainer } from './containers.ts';
import type { SimContainer, Site, Sites } from './sites.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

export interface Policies {
  /** Waits for the end of a running container, or acts on one that has ended. To be called whenever one changed. */
  watch(site: Site, container: SimContainer): void;
  /** It ends now. */
  end(site: Site, container: SimContainer, code: number): Promise<void>;
}

export function createPolicies(
  sites: Sites,
  clock: Clock,
  images: Images,
  hint: (uuid: string) => void,
  closing: AbortSignal,
): Policies {
  const isThere = (site: Site, container: SimContainer) =>
    sites.get(site.uuid) === site && site.containers.includes(container);

  async function waitForExit(site: Site, container: SimContainer): Promise<void> {
    const { exitsAt } = container;
    if (exitsAt === null) return;
    await clock.sleep(Math.min(2 ** 31 - 1, Math.max(0, exitsAt - clock.wall())), closing);
    const same = isThere(site, container) && container.state === 'running' && container.exitsAt === exitsAt;
    if (closing.aborted || !same) return;
    await end(site, container, container.exitsWith);
  }

  async function end(site: Site, container: SimContainer, code: number): Promise<void> {
    const { definition } = site;
    if (definition === undefined) return;
    endContainer(container, definition, code, clock.wall());
    await sites.save(site);
    hint(site.uuid);
    void react(site, container);
  }

  async function react(site: Site, container: SimContainer): Promise<void> {
    const code = container.exitCode ?? 0;
    const before = site.definition?.spec;
    if (before === undefined || !(applies(before.autorestart, code) || applies(before.autoreplace, code))) {
      return destroy(site, container, code);
    }
    await clock.sleep(
      Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(20, container.restarts)),
      closing,
    );
    const { definition } = site;
    const same = isThere(site, container) && container.state === 'stopped' && container.endedItself;
    if (closing.aborted || !same || definition === undefined) return;
    const restarted = applies(definition.spec.autorestart, code);
    if (!restarted && !applies(definition.spec.autoreplace, code)) return destroy(site, container, code);
    const next = restarted
      ? container
      : { ...newContainer(site, definition, container.ordinal, images), revision: container.revision };
    next.restarts = container.restarts + 1;
    startContainer(next, definition, images, clock.wall());
    site.containers = site.containers.map((one) => (one === container ? next : one));
    await sites.save(site);
    hint(site.uuid);
    watch(site, next);
  }

  async function destroy(site: Site, container: SimContainer, code: number): Promise<void> {
    if (!applies(site.definition?.spec.autodestroy ?? 'OFF', code)) return;
    site.containers = site.containers.filter((one) => one !== container);
    await sites.save(site);
    hint(site.uuid);
  }

  function watch(site: Site, container: SimContainer): void {
    if (container.state === 'running') void waitForExit(site, container);
    else if (container.endedItself) void react(site, container);
  }

  return { watch, end };
}

function applies(policy: Auto | 'ON_SUCCESS', code: number): boolean {
  switch (policy) {
    case 'OFF':
      return false;
    case 'ALWAYS':
      return true;
    case 'ON_FAILURE':
      return code !== 0;
    case 'ON_SUCCESS':
      return code === 0;
  }
}
