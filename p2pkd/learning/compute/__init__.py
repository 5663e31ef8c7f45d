"""How pending operations are computed: levels, groups, kernels, threads."""
