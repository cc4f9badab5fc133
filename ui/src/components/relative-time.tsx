import { useNow } from '@/lib/clock'
import { exactTime, humanTime } from '@/lib/time'

/** A moment in words, kept up to date; the exact UTC time on hover. Unless it is ahead, it is over, however clocks differ. */
export function RelativeTime({ at, ahead = false }: { at: string; ahead?: boolean }) {
  const now = useNow('halfMinute')
  const then = new Date(at)
  return (
    <time dateTime={at} title={exactTime(then)} className="whitespace-nowrap">
      {humanTime(then, new Date(ahead ? now : Math.max(now, then.getTime())))}
    </time>
  )
}
