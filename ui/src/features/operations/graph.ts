import type { Schema } from '@/lib/api'

import { isActive, outcome, stepLabel, willRetry } from './progress'

type Operation = Schema<'Operation'>
type Step = Schema<'Step'>

/** How a node of the graph stands; "waiting" is a step that failed and will be tried again. */
export type NodeState = Step['state'] | 'waiting' | 'cancelled'

/** A step, or where the workflow begins or ends. */
export interface GraphNode {
  id: string
  label: string
  shape: 'start' | 'step' | 'end'
  /** Whether it stands beside the way that is taken when all goes well. */
  aside: boolean
  row: number
  state: NodeState
  /** The workflow is here. */
  current: boolean
  attempt: number
}

/** A way from one node to another. */
export interface GraphEdge {
  from: string
  to: string
  /** The way when a step fails or the operation is cancelled. */
  detour: boolean
  taken: boolean
}

/** The workflow of an operation: its steps from top to bottom, and beside them the way back. */
export interface Graph {
  nodes: GraphNode[]
  edges: GraphEdge[]
  rows: number
}

const begun = (step: Step) => step.state !== 'pending' && step.state !== 'skipped'

/** What the workflow of operation looks like, and how far it has got. */
export function graphOf(operation: Operation): Graph {
  const steps = operation.steps.filter((step) => step.name !== operation.undo_step)
  const undone = operation.steps.find((step) => step.name === operation.undo_step)
  const active = isActive(operation)
  const lost = operation.state === 'failed' || operation.state === 'cancelled'
  const back = lost || undone !== undefined
  const at = active ? currentStep(operation) : undefined

  const nodes: GraphNode[] = [
    node('begin', 'Begin', 'start', 0, operation.started_at ? 'succeeded' : 'pending', active && !at),
    ...steps.map((step, i) => stepNode(step, i + 1, false, step === at)),
  ]
  const edges: GraphEdge[] = []
  steps.forEach((step, i) => {
    edges.push({ from: nodes[i]?.id ?? '', to: step.name, detour: false, taken: begun(step) })
  })
  const last = steps.at(-1)?.name ?? 'begin'
  const succeeded = operation.state === 'succeeded'
  nodes.push(node('succeeded', 'Succeeded', 'end', steps.length + 1, succeeded ? 'succeeded' : 'pending'))
  edges.push({ from: last, to: 'succeeded', detour: false, taken: succeeded })

  const name = operation.undo_step
  if (name !== undefined) {
    const planned: Step = undone ?? { name, state: operation.ended_at ? 'skipped' : 'pending', attempt: 0 }
    nodes.push(stepNode(planned, Math.max(steps.length, 1), true, undone !== undefined && undone === at))
    edges.push({ from: name, to: 'lost', detour: true, taken: lost })
  }
  const left = steps.findLast(begun)?.name ?? 'begin'
  // The last step only records, so that nothing is taken back from there, if all goes as it should.
  const ways = new Set(steps.slice(0, Math.max(steps.length - 1, 1)).map((step) => step.name))
  if (back) ways.add(left)
  for (const from of ways) {
    edges.push({ from, to: name ?? 'lost', detour: true, taken: back && from === left })
  }
  const cancelled = operation.state === 'cancelled' || (operation.cancel_asked && active)
  const state = operation.state === 'failed' || operation.state === 'cancelled' ? operation.state : 'pending'
  nodes.push({
    ...node('lost', cancelled ? 'Cancelled' : 'Failed', 'end', steps.length + 1, state),
    aside: true,
  })
  return { nodes, edges, rows: steps.length + 2 }
}

/** The step that operation is at, also while that waits for something before it begins. */
function currentStep(operation: Operation): Step | undefined {
  if (operation.state === 'pending') return undefined
  return (
    operation.steps.findLast((step) => step.state === 'running' || willRetry(step)) ??
    operation.steps.find((step) => step.state === 'pending')
  )
}

function node(
  id: string,
  label: string,
  shape: GraphNode['shape'],
  row: number,
  state: NodeState,
  current = false,
): GraphNode {
  return { id, label, shape, aside: false, row, state, current, attempt: 0 }
}

function stepNode(step: Step, row: number, aside: boolean, current: boolean): GraphNode {
  const state = step.state === 'failed' && willRetry(step) ? 'waiting' : step.state
  return { ...node(step.name, stepLabel(step), 'step', row, state, current), aside, attempt: step.attempt }
}

const words: Partial<Record<NodeState, string>> = {
  waiting: 'failed, will be tried again',
  pending: 'not yet',
}

/** The graph in words, for those who can't see it. */
export function describeGraph(operation: Operation): string {
  const { nodes } = graphOf(operation)
  const say = (n: GraphNode) => `${n.label} (${n.current ? 'now, ' : ''}${words[n.state] ?? n.state})`
  const steps = nodes.filter((n) => n.shape === 'step' && !n.aside)
  const undo = nodes.find((n) => n.shape === 'step' && n.aside)
  const way = steps.length > 0 ? `Steps: ${steps.map(say).join(', then ')}.` : 'No steps.'
  const back = undo ? ` If a step fails or it is cancelled: ${say(undo)}.` : ''
  const end = isActive(operation) ? '' : ` It ended: ${outcome(operation).label.toLowerCase()}.`
  return way + back + end
}
