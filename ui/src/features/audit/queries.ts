import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query'

import { answer, api } from '@/lib/api'

/** Which entries are shown. */
export interface AuditFilter {
  user?: string | undefined
  action?: string | undefined
  instance?: string | undefined
}

/** Who did what, newest first. */
export function auditQuery({ user, action, instance }: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: ['audit', { user, action, instance }],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/api/audit', {
          params: {
            query: {
              ...(user && { user }),
              ...(action && { action }),
              ...(instance && { instance }),
              ...(pageParam && { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    staleTime: 0,
  })
}
