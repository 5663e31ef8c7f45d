"""Who computes: nobody, this process (`p2pkd.learning.learner`), or one beside it."""
