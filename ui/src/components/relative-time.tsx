import { useNow } from '@/lib/clock'
import { exactTime, humanTime, localTime } from '@/lib/time'

/** A moment in words, kept up to date; on hover exactly, in UTC and in the user's zone. Unless it is ahead, it is over, however clocks differ. */
export function RelativeTime({ at, ahead = false }: { at: string; ahead?: boolean }) {
  const now = useNow('halfMinute')
  const then = new Date(at)
  return (
    <time dateTime={at} title={`${exactTime(then)}\n${localTime(then)}`} className="whitespace-nowrap">
      {humanTime(then, new Date(ahead ? now : Math.max(now, then.getTime())))}
    </time>
  )
}
