import { Effect } from "effect"
import { get, type IncomingHttpHeaders } from "node:http"

export interface Response {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Asks over HTTP; with a `User-Agent` unless other headers are given. */
export const ask = (
  url: string,
  headers: Readonly<Record<string, string>> = { "User-Agent": "test" }
): Effect.Effect<Response, Error> =>
  Effect.callback((resume, signal) => {
    const request = get(url, { headers, signal }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () => {
        const body = Buffer.concat(chunks).toString()
        resume(Effect.succeed({ status: response.statusCode ?? 0, headers: response.headers, body }))
      })
    })
    request.on("error", (error) => resume(Effect.fail(error)))
  })

/** Asks so often at once; gives the answers in the order of the requests. */
export const askTimes = (url: string, times: number): Effect.Effect<ReadonlyArray<Response>, Error> =>
  Effect.forEach(Array.from({ length: times }), () => ask(url), { concurrency: 8 })
