/** All targets, and how large a share of the inputs each gets. */
import { answers } from './answers.ts';
import { journals } from './journals.ts';
import { manifests } from './manifests.ts';
import { requests } from './requests.ts';
import type { Target } from './target.ts';
import { wire } from './wire.ts';

export const TARGETS: readonly { readonly open: () => Target; readonly share: number }[] = [
  { open: manifests, share: 0.25 },
  { open: answers, share: 0.3 },
  { open: journals, share: 0.25 },
  { open: requests, share: 0.19 },
  { open: wire, share: 0.01 },
];
