import { Effect } from "effect"
import { ObjectStore, StoreError } from "./ObjectStore.ts"

type Store = ObjectStore["Service"]

/** A store that has a file when both stores have it, `near` before `far`; each may be repeated, so the pair may be as well. */
export const make = (near: Store, far: Store): Store =>
  ObjectStore.of({
    put: Effect.fnUntraced(function*(key, localPath) {
      const here = yield* near.put(key, localPath)
      const there = yield* far.put(key, localPath)
      if (here.bytes === there.bytes && here.sha256 === there.sha256) return here
      const explanation = "the two stores hold different content; the file changed while it was stored"
      return yield* new StoreError({ key, reason: "Unproven", explanation })
    })
  })
