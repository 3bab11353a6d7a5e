/** The settings of the daemon's outside face (`compose-ops.ts`); secrets come from files, never as a value. */
import { flag, hostNames, listenAddress, path } from './values.ts';

export const OPS_ROWS = {
  opsListen: {
    flag: '--ops-listen <address>',
    help: 'serve health, metrics, status and the webhook there, such as 127.0.0.1:8801 (default: off)',
    parse: listenAddress,
  },
  opsHosts: {
    flag: '--ops-hosts <names>',
    help: 'host names under which --ops-listen may be asked, beside addresses and localhost',
    parse: hostNames,
  },
  opsTokenFile: {
    flag: '--ops-token-file <file>',
    help: "the operator's tokens, one a line: sync, suspend, resume",
    parse: path,
  },
  viewerTokenFile: {
    flag: '--viewer-token-file <file>',
    help: 'tokens that may read metrics and status, one a line',
    parse: path,
  },
  webhookSecretFile: {
    flag: '--webhook-secret-file <file>',
    help: 'secrets of POST /hooks/git, one a line (default: no webhook)',
    parse: path,
  },
  notifications: {
    flag: '--notifications <file>',
    help: 'who is told what: webhooks, Slack, commit status (schemas/notifications.schema.json)',
    parse: path,
  },
  metricsNames: {
    flag: '--metrics-names',
    help: 'also metrics with a label for each service',
    parse: flag,
    default: 'false',
  },
};
