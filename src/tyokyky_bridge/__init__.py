"""tyokyky-bridge: one work-ability support plan, kept in step across four record systems under consent."""
