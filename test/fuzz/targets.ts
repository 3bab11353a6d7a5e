/** All targets, and how large a share of the inputs each gets. */
import { answers } from './answers.ts';
import { journals } from './journals.ts';
import { manifests } from './manifests.ts';
import { requests } from './requests.ts';
import type { Target } from './target.ts';
import { webhooks } from './webhooks.ts';
import { wire } from './wire.ts';

export const TARGETS: readonly { readonly open: () => Target; readonly share: number }[] = [
  { open: manifests, share: 0.25 },
  { open: answers, share: 0.3 },
  { open: journals, share: 0.25 },
  { open: requests, share: 0.16 },
  { open: webhooks, share: 0.03 },
  { open: wire, share: 0.01 },
];
