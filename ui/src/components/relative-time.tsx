import { useNow } from '@/lib/clock'
import { exactTime, humanTime } from '@/lib/time'

/** A moment in words, kept up to date; the exact UTC time on hover. */
export function RelativeTime({ at }: { at: string }) {
  const now = useNow('halfMinute')
  const then = new Date(at)
  return (
    <time dateTime={at} title={exactTime(then)} className="whitespace-nowrap">
      {humanTime(then, new Date(Math.max(now, then.getTime())))}
    </time>
  )
}
