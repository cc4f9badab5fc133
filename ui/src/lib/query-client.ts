import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'

import { ApiError, isUnauthenticated } from './problem'

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: Error
    queryMeta: { expects401?: boolean }
    mutationMeta: { expects401?: boolean }
  }
}

/**
 * The cache of what the API answered. It is kept fresh by the event stream,
 * so nothing goes stale by time alone. onSessionEnded is called when a request
 * that should have been allowed was not.
 */
export function newQueryClient(onSessionEnded: () => void): QueryClient {
  const watch = (error: Error, meta: { expects401?: boolean } | undefined) => {
    if (isUnauthenticated(error) && !meta?.expects401) onSessionEnded()
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError: (error, query) => watch(error, query.meta) }),
    mutationCache: new MutationCache({
      onError: (error, _variables, _result, mutation) => watch(error, mutation.meta),
    }),
    defaultOptions: {
      queries: { staleTime: Infinity, retry: retryReads, refetchOnWindowFocus: false },
      // Without a network one is refused at once: to be done later, unseen, is not what was asked for.
      mutations: { retry: false, networkMode: 'always' },
    },
  })
}

// Only what may pass by itself is asked again: a server that restarts or lacks
// something it needs.
function retryReads(failures: number, error: Error): boolean {
  return error instanceof ApiError && error.problem.code === 'unavailable' && failures < 3
}
