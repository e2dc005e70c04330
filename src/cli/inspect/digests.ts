import { Effect } from "effect"
import type { Oddity, Source } from "./Source.ts"

/** The digests of files, of those that are `reading` whatever it takes, and what is wrong with files that cannot be read. */
export const digestsOf = Effect.fnUntraced(function*<File extends { readonly file: string }>(
  source: Source,
  files: Iterable<File>,
  reading: (file: File) => boolean
) {
  const digests = new Map<File, string>()
  const problems: Array<Oddity> = []
  yield* Effect.forEach(files, (each) =>
    source.sha256(each.file, reading(each)).pipe(
      Effect.map((sha256) => {
        if (sha256 !== null) digests.set(each, sha256)
      }),
      Effect.catch(({ gone, problem }) =>
        Effect.sync(() => {
          // It could be read just now.
          if (!gone) problems.push({ file: each.file, problem })
        })
      )
    ), { concurrency: source.digestsAtATime, discard: true })
  return { digests, problems }
})
