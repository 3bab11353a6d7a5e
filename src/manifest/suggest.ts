/** "Did you mean": the known word nearest to the one written. */

/** What other tools call our fields. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  command: 'run_command',
  cmd: 'run_command',
  environment: 'container_envvars',
  env: 'container_envvars',
  envvars: 'container_envvars',
  ports: 'container_ports',
  links: 'linked_to_service',
  linked_to: 'linked_to_service',
  replicas: 'target_num_containers',
  scale: 'target_num_containers',
  containers: 'target_num_containers',
  restart: 'autorestart',
  volumes: 'bindings',
  mem_limit: 'memory',
  depends_on: 'reconcile.depends_on',
  adopt: 'reconcile.adopt',
  protect: 'reconcile.protect',
  run_once: 'reconcile.run_once',
  allow_replace: 'reconcile.allow_replace',
  redeploy: 'reconcile.redeploy',
  ignore: 'reconcile.ignore',
  deployment_strategy: 'sequential_deployment',
  host_path: 'volume',
  port: 'inner_port',
  published: 'outer_port',
};

/** A known word that `written` was probably meant to be; undefined if none is near. */
export function didYouMean(written: string, known: readonly string[]): string | undefined {
  const word = written.toLowerCase().replaceAll('-', '_');
  const elsewhere = Object.hasOwn(ELSEWHERE, word) ? ELSEWHERE[word] : undefined;
  if (
    elsewhere !== undefined &&
    (known.includes(elsewhere) || (elsewhere.includes('.') && known.includes('reconcile')))
  )
    return elsewhere;
  if (word.length > 64) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const steps = distance(word, candidate.toLowerCase(), least);
    if (steps < least) {
      least = steps;
      best = candidate;
    }
  }
  return best;
}

/** Edits from `a` to `b`, two swapped neighbours counting as one; may stop counting at `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let steps = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        steps = Math.min(steps, (before[j - 2] ?? 0) + 1);
      current.push(steps);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? limit;
}
