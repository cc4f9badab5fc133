import {
  Bar,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceArea,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts'

import { exactTime } from '@/lib/time'

import type { Window } from './queries'
import { latencyText, type Sample, type Series } from './series'

const hours = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const days = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

/** The latency over time, what failed of the probes, and when there were none. */
export function HealthChart({ series, window }: { series: Series; window: Window }) {
  const clock = window === '1h' || window === '24h' ? hours : days
  return (
    <ResponsiveContainer width="100%" height="100%">
      <ComposedChart
        data={series.samples}
        accessibilityLayer={false} // its page says what it shows
        margin={{ top: 6, right: 4, bottom: 0, left: 0 }}
      >
        <CartesianGrid yAxisId="latency" vertical={false} stroke="var(--line)" />
        <XAxis
          dataKey="at"
          type="number"
          scale="time"
          domain={[series.from, series.to]}
          allowDataOverflow
          tickFormatter={(at: number) => clock.format(at)}
          tickLine={false}
          axisLine={{ stroke: 'var(--line-strong)' }}
          tick={{ fill: 'var(--ink-faint)', fontSize: 11 }}
          minTickGap={32}
        />
        <YAxis
          yAxisId="latency"
          width={52}
          tickFormatter={latencyText}
          tickLine={false}
          axisLine={false}
          tick={{ fill: 'var(--ink-faint)', fontSize: 11 }}
          domain={[0, 'auto']}
          tickCount={4}
          interval={0}
        />
        <YAxis yAxisId="failed" hide width={0} domain={[0, 1]} />
        {series.gaps.map((gap) => (
          <ReferenceArea
            key={gap.from}
            yAxisId="failed"
            x1={gap.from}
            x2={gap.to}
            fill="var(--line)"
            fillOpacity={0.55}
            stroke="none"
          />
        ))}
        <Bar
          yAxisId="failed"
          dataKey="failed"
          fill="var(--bad)"
          fillOpacity={0.6}
          barSize={window === '30d' ? 2 : 4}
          isAnimationActive={false}
        />
        <Line
          yAxisId="latency"
          dataKey="mean"
          stroke="var(--accent)"
          strokeWidth={2}
          dot={series.samples.length < 4} // a point alone would not be seen
          activeDot={{ r: 3, stroke: 'none', fill: 'var(--accent)' }}
          connectNulls={false}
          isAnimationActive={false}
        />
        <Tooltip
          isAnimationActive={false}
          cursor={{ stroke: 'var(--line-strong)' }}
          content={({ active, payload }) => {
            const sample = payload[0]?.payload as Sample | undefined
            return active && sample ? <Hint sample={sample} /> : null
          }}
        />
      </ComposedChart>
    </ResponsiveContainer>
  )
}

function Hint({ sample }: { sample: Sample }) {
  return (
    <div className="rounded-md border bg-surface px-2.5 py-1.5 text-xs shadow-lift">
      <p className="font-medium">{sample.probes > 0 ? exactTime(new Date(sample.at)) : 'Not probed'}</p>
      {sample.mean !== null && <p>Mean {latencyText(sample.mean)}</p>}
      {sample.most !== null && <p>Longest {latencyText(sample.most)}</p>}
      {sample.failures > 0 && (
        <p className="text-bad-ink">
          {sample.failures} of {sample.probes} probes failed
        </p>
      )}
    </div>
  )
}
