import { createHash, createHmac } from "node:crypto"
import type { IncomingMessage } from "node:http"

const encode = (text: string) =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.codePointAt(0)?.toString(16).toUpperCase()}`)

const hmac = (key: Buffer | string, text: string) => createHmac("sha256", key).update(text).digest()

/** The access key that a request names. */
export const accessKeyOf = (request: IncomingMessage): string =>
  /Credential=([^/]+)\//.exec(request.headers.authorization ?? "")?.[1] ?? ""

/** Whether a request is signed with `secret` by AWS Signature Version 4, computed from what arrived. */
export const isSignedWith = (request: IncomingMessage, secret: string): boolean => {
  const authorization = request.headers.authorization ?? ""
  const credential = /Credential=([^,\s]+)/.exec(authorization)?.[1] ?? ""
  const signedHeaders = /SignedHeaders=([^,\s]+)/.exec(authorization)?.[1] ?? ""
  const signature = /Signature=([0-9a-f]+)/.exec(authorization)?.[1] ?? ""
  const [, date = "", region = "", service = ""] = credential.split("/")
  const url = new URL(request.url ?? "/", "http://x")
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).toSorted().join("&")
  const headers = signedHeaders.split(";").map((name) => `${name}:${String(request.headers[name] ?? "").trim()}\n`)
    .join("")
  const canonical = [
    request.method,
    url.pathname,
    query,
    headers,
    signedHeaders,
    request.headers["x-amz-content-sha256"]
  ].join("\n")
  const toSign = [
    "AWS4-HMAC-SHA256",
    request.headers["x-amz-date"],
    `${date}/${region}/${service}/aws4_request`,
    createHash("sha256").update(canonical).digest("hex")
  ].join("\n")
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), "aws4_request")
  return signature !== "" && hmac(key, toSign).toString("hex") === signature
}
