/**
 * When a manifest's redeploy token asks for a redeploy, and when it is only written down (design §6).
 */
import { offers } from '../service/extensions.ts';
import type { Decision, Desired, Note, Observed, Policy } from '../service/service.ts';

type Wished = Extract<Desired, { want: 'running' | 'stopped' }>;
type Existing = Extract<Observed, { exists: true }>;

/** Whether the manifest's redeploy token asks for a redeploy: a memory that knows the service holds another, or none. */
export function tokenAsks(desired: Wished, observed: Observed): boolean {
  return (
    desired.redeploy !== undefined &&
    observed.redeployToken !== undefined &&
    observed.redeployToken !== desired.redeploy
  );
}

/** The server keeps redeploy tokens: a token that must not lead to a redeploy is written down by a PATCH of it alone. */
export function recordToken(desired: Wished, observed: Existing, policy: Policy): Decision | undefined {
  if (!tokenAsks(desired, observed) || desired.redeploy === undefined) return undefined;
  if (!offers(policy.capabilities, 'redeploy-token')) return undefined;
  const { uuid } = observed;
  return {
    kind: 'act',
    operation: { verb: 'update', uuid, patch: { redeploy_token: desired.redeploy } },
    why: { code: 'record-token', token: desired.redeploy },
  };
}

/** No memory of the service means that its token was served already, and the plan says so (design §6). */
export function assumedServed(desired: Wished, observed: Observed): readonly Note[] {
  if (desired.redeploy === undefined || observed.redeployToken !== undefined) return [];
  return [{ code: 'token-assumed-served', token: desired.redeploy }];
}
