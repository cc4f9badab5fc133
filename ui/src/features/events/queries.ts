import { infiniteQueryOptions } from '@tanstack/react-query'

import { answer, api } from '@/lib/api'

const PAGE_SIZE = 20

/** The places of events in the query cache. */
export const eventKeys = {
  ofInstance: (name: string) => ['events', 'of', name] as const,
}

/** What happened to the instance called name, newest first. */
export function eventsQuery(name: string) {
  return infiniteQueryOptions({
    queryKey: eventKeys.ofInstance(name),
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/api/instances/{name}/events', {
          params: { path: { name }, query: { limit: PAGE_SIZE, ...(pageParam && { cursor: pageParam }) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  })
}
