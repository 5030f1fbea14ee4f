import type { ErasureReceipt, ErasureStore, ErasureSubject, StoreFindings } from '../control-store/erasure-port.ts';
import { whileHeartbeating } from './while-heartbeating.ts';

/** A store that holds users by their id. */
export interface ErasableStore {
  readonly name: string;
  find(subject: ErasureSubject): Promise<Omit<StoreFindings, 'store'>>;
  /** Doing it again, or to the end after it was broken off, is safe. */
  erase(subject: ErasureSubject): Promise<void>;
}

export interface ErasureParts {
  readonly erasures: ErasureStore;
  /** In the order in which they are erased: what others are filled from comes first. */
  readonly stores: readonly ErasableStore[];
}

/** What is there of a user, without saying whose it is: it goes into the workflow's history. */
export interface UserFindings {
  readonly isDryRun: boolean;
  readonly deviceCount: number;
  readonly stores: readonly StoreFindings[];
}

type Erasure = { readonly erasureId: string };

export interface ErasureActivities {
  /** Looks into every store. Null: the erasure is finished, and nobody knows any more whose it was. @throws NotFoundError */
  findErasedUser(input: Erasure): Promise<UserFindings | null>;
  /** Erases the user from one store; once it is finished, from none. */
  eraseUserFrom(input: Erasure & { readonly store: string }): Promise<void>;
  /** Stores the receipt and forgets whose it is. */
  finishErasure(input: Erasure & { readonly receipt: ErasureReceipt }): Promise<void>;
}

const WITHOUT_STORES = 'this worker was started without the stores that erase users; another one has to do it';

function withoutStores(): Promise<never> {
  return Promise.reject(new Error(WITHOUT_STORES));
}

export function createErasureActivities(parts: ErasureParts | undefined): ErasureActivities {
  if (parts === undefined) {
    return { findErasedUser: withoutStores, eraseUserFrom: withoutStores, finishErasure: withoutStores };
  }
  const { erasures, stores } = parts;
  return {
    async findErasedUser({ erasureId }) {
      const subject = await erasures.subject(erasureId);
      if (subject === null) return null;
      return await whileHeartbeating(async () => {
        const found: StoreFindings[] = [];
        for (const store of stores) found.push({ store: store.name, ...(await store.find(subject)) });
        return { isDryRun: subject.isDryRun, deviceCount: subject.deviceIds.length, stores: found };
      });
    },

    async eraseUserFrom({ erasureId, store: name }) {
      const store = stores.find((candidate) => candidate.name === name);
      if (store === undefined) throw new Error(`this worker has no store "${name}"; another one may have it`);
      const subject = await erasures.subject(erasureId);
      if (subject === null || subject.isDryRun) return;
      await whileHeartbeating(() => store.erase(subject));
    },

    async finishErasure({ erasureId, receipt }) {
      await erasures.finish(erasureId, receipt);
    },
  };
}
