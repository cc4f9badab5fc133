import createClient from 'openapi-fetch'

import type { components, paths } from '@/api/schema.gen'
import { ApiError, problemOf } from './problem'

/** The types of the contract by their names there, for example `Schema<'Instance'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]

/** The API's client. Wrap each call in {@link answer}, which throws what went wrong. */
export const api = createClient<paths>({ baseUrl: '/' })

/**
 * The data of an answer. Throws an {@link ApiError} with the server's own
 * problem document for a refusal, and one that says so when there was no
 * answer at all.
 */
export async function answer<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  let result
  try {
    result = await call
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw ApiError.unreachable(cause)
  }
  if (!result.response.ok) throw new ApiError(problemOf(result.error, result.response))
  return result.data as T
}
