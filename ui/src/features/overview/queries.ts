import { queryOptions } from '@tanstack/react-query'

import { answer, api } from '@/lib/api'

/** The place of the overview in the query cache. */
export const overviewKey = ['overview'] as const

/** How all instances are, and what needs attention. What is purged soon becomes so without an event. */
export const overviewQuery = queryOptions({
  queryKey: overviewKey,
  queryFn: ({ signal }) => answer(api.GET('/api/overview', { signal })),
  staleTime: 30_000,
})
