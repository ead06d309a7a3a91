"""What there is and what to do, as data: the graph, the published state, the plan, where a column comes from."""
