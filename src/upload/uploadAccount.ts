import { Effect } from "effect"
import { number, quantity } from "../runtime/quantity.ts"
import type { Account, Accounting } from "../runtime/Shutdown.ts"
import type { UploadStats } from "../telemetry/UploadStats.ts"
import type { Uploader } from "./Uploader.ts"

/** How many files were stored since the phase began, and how many wait in the data folder for the next start. */
export const uploadAccount =
  (uploader: Uploader["Service"], uploads: UploadStats, dataDir: string): Accounting => () => {
    const before = { setAside: uploads.setAside, stored: uploads.stored }
    return Effect.gen(function*() {
      const { setAside, stored } = uploads
      const left = yield* uploader.left
      const aside = setAside === before.setAside ? "" : `, ${number(setAside - before.setAside)} set aside`
      const place = left === 0 ? "" : ` for the next start in ${dataDir}`
      const account: Account = {
        text: `${quantity(stored - before.stored, "file")} stored${aside}, ${number(left)} left${place}`,
        complete: left === 0
      }
      return account
    })
  }
