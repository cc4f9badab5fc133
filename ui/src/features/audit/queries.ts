import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query'

import { answer, api, type Schema } from '@/lib/api'
import { boundsOf, parseTimeRange, type TimeRange } from '@/lib/time-range'

type Outcome = Schema<'AuditOutcome'>

/** Which entries are shown; what is absent selects all. */
export interface AuditFilter extends TimeRange {
  user?: string | undefined
  action?: string | undefined
  target?: string | undefined
  outcome?: Outcome | undefined
}

/** The ways in which a request can end, with the words for them. */
export const outcomes: { value: Outcome; title: string }[] = [
  { value: 'succeeded', title: 'Succeeded' },
  { value: 'refused', title: 'Refused' },
  { value: 'failed', title: 'Failed' },
  { value: 'unanswered', title: 'No answer' },
]

/** The filter that a URL asks for. */
export function parseAuditFilter(search: Record<string, unknown>): AuditFilter {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
  const [user, action, target] = [text(search.user), text(search.action), text(search.target)]
  const outcome = outcomes.find((known) => known.value === search.outcome)?.value
  return {
    ...(user && { user }),
    ...(action && { action }),
    ...(target && { target }),
    ...(outcome && { outcome }),
    ...parseTimeRange(search),
  }
}

/** Who did what, newest first. */
export function auditQuery(filter: AuditFilter) {
  const { user, action, target, outcome, ...range } = filter
  return infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/api/audit', {
          params: {
            query: {
              ...(user && { user }),
              ...(action && { action }),
              ...(target && { target }),
              ...(outcome && { outcome }),
              ...boundsOf(range, Date.now()),
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
