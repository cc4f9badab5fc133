import { Check, CircleDashed, LoaderCircle, Minus, RotateCw, X, type LucideIcon } from 'lucide-react'

import { Card } from '@/components/card'
import type { Schema } from '@/lib/api'
import { cx } from '@/lib/cx'

import { describeGraph, graphOf, type GraphEdge, type GraphNode, type NodeState } from './graph'

// In pixels; narrow enough for a phone, so that it is drawn once and never scaled.
const width = 290
const row = 52
const half = 16
const lanes = [
  { left: 1, width: 144 },
  { left: 171, width: 118 },
] as const

const lane = (node: GraphNode) => lanes[node.aside ? 1 : 0]
const middle = (node: GraphNode) => lane(node).left + lane(node).width / 2
const height = (node: GraphNode) => node.row * row + half + 4

/** The workflow behind an operation: its steps, the way back, and where it is. */
export function DiagramCard({ operation }: { operation: Schema<'Operation'> }) {
  const { nodes, edges, rows } = graphOf(operation)
  const detours = edges.filter((edge) => edge.detour)
  const first = nodes.find((node) => detours.some((edge) => edge.from === node.id && !node.aside))
  return (
    <Card title="Workflow">
      <svg
        role="img"
        aria-label={describeGraph(operation)}
        width={width}
        height={(rows - 1) * row + 2 * half + 8}
        className="mx-auto text-xs"
        data-testid="diagram"
      >
        {first && (
          <text x={width - 1} y={height(first) - 8} textAnchor="end" className="fill-ink-faint">
            {operation.undo_step ? 'if not, or cancelled' : 'if not'}
          </text>
        )}
        {/* Those that were taken are drawn over those that share their way. */}
        {[...edges]
          .sort((a, b) => Number(a.taken) - Number(b.taken))
          .map((edge) => (
            <Edge key={`${edge.from}-${edge.to}`} edge={edge} nodes={nodes} />
          ))}
        {nodes.map((node) =>
          node.shape === 'start' ? <Start key={node.id} node={node} /> : <Box key={node.id} node={node} />,
        )}
      </svg>
    </Card>
  )
}

function Edge({ edge, nodes }: { edge: GraphEdge; nodes: GraphNode[] }) {
  const from = nodes.find((node) => node.id === edge.from)
  const to = nodes.find((node) => node.id === edge.to)
  if (!from || !to) return null
  const end = height(to) - half - 5
  const x = middle(to)
  const down = middle(from) === x
  const y = height(from)
  // A way aside leaves its step to the right; one from beside the target comes in from the side.
  const level = !down && from.row === to.row
  const begin = lane(from).left + (from.shape === 'start' ? lane(from).width / 2 + 8 : lane(from).width)
  const path = down
    ? `M${x} ${y + (from.shape === 'start' ? 8 : half)}V${end}`
    : level
      ? `M${begin} ${y}H${lane(to).left - 5}`
      : `M${begin} ${y}H${x - 8}Q${x} ${y} ${x} ${y + 8}V${end}`
  const head = level ? `M${lane(to).left - 6} ${y - 3.5}l5 3.5l-5 3.5z` : `M${x - 3.5} ${end - 1}h7l-3.5 5z`
  const [stroke, fill] = edge.taken
    ? edge.detour
      ? ['stroke-bad', 'fill-bad']
      : ['stroke-good', 'fill-good']
    : ['stroke-line-strong', 'fill-line-strong']
  return (
    <g data-edge={`${edge.from} to ${edge.to}`} data-taken={edge.taken}>
      <path
        d={path}
        fill="none"
        strokeWidth={1.5}
        strokeDasharray={edge.detour && !edge.taken ? '3 3' : undefined}
        className={stroke}
      />
      <path d={head} className={fill} />
    </g>
  )
}

function Start({ node }: { node: GraphNode }) {
  return (
    <circle
      cx={middle(node)}
      cy={height(node)}
      r={node.current ? 8 : 6}
      strokeWidth={2}
      className={node.state === 'succeeded' ? 'fill-good stroke-good' : 'fill-surface stroke-line-strong'}
      data-node="begin"
      data-current={node.current}
    />
  )
}

const looks: Record<NodeState, { box: string; ink: string; icon: LucideIcon }> = {
  pending: {
    box: 'fill-surface stroke-line-strong',
    ink: 'text-ink-faint fill-ink-faint',
    icon: CircleDashed,
  },
  skipped: { box: 'fill-surface stroke-line', ink: 'text-ink-faint fill-ink-faint', icon: Minus },
  running: { box: 'fill-busy-wash stroke-busy', ink: 'text-busy-ink fill-busy-ink', icon: LoaderCircle },
  waiting: { box: 'fill-warn-wash stroke-warn', ink: 'text-warn-ink fill-warn-ink', icon: RotateCw },
  succeeded: { box: 'fill-good-wash stroke-good', ink: 'text-good-ink fill-good-ink', icon: Check },
  failed: { box: 'fill-bad-wash stroke-bad', ink: 'text-bad-ink fill-bad-ink', icon: X },
  cancelled: { box: 'fill-sunken stroke-ink-faint', ink: 'text-ink-soft fill-ink-soft', icon: Minus },
}

function Box({ node }: { node: GraphNode }) {
  const { left, width } = lane(node)
  const top = height(node) - half
  const { box, ink, icon: Icon } = looks[node.state]
  return (
    <g data-node={node.id} data-state={node.state} data-current={node.current} className={ink}>
      <rect
        x={left}
        y={top}
        width={width}
        height={2 * half}
        rx={node.shape === 'end' ? half : 6}
        strokeWidth={node.current ? 2.5 : 1}
        strokeDasharray={node.state === 'pending' || node.state === 'skipped' ? '4 3' : undefined}
        className={cx(box, node.current && 'animate-pulse')}
      />
      <Icon x={left + 10} y={top + half - 7} width={14} height={14} fill="none" aria-hidden />
      <text x={left + 31} y={top + half + 4} className="font-medium">
        {node.label}
      </text>
      {node.attempt > 1 && (
        <text x={left + width - 8} y={top + half + 4} textAnchor="end" className="tabular">
          ×{node.attempt}
        </text>
      )}
    </g>
  )
}
