// The two programs of the StableQueue documentation as they are printed; the test puts its own address in.
async function submitJob(apiKey, jobData) {
  try {
    const response = await fetch('http://your-server:3000/api/v2/generate', {
      method: 'POST',
      headers: {
        'Authorization': `Bearer ${apiKey}`,
        'Content-Type': 'application/json'
      },
      body: JSON.stringify(jobData)
    });
    
    const data = await response.json();
    
    if (!data.success) {
      throw new Error(data.error || 'Failed to submit job');
    }
    
    return data;
  } catch (error) {
    console.error('Error submitting job:', error);
    throw error;
  }
}

async function pollJobStatus(apiKey, jobId, onStatusUpdate) {
  let pollInterval = 2000; // Start with 2 seconds
  let maxInterval = 10000; // Max 10 seconds
  
  const checkStatus = async () => {
    try {
      const response = await fetch(`http://your-server:3000/api/v2/jobs/${jobId}/status`, {
        headers: {
          'Authorization': `Bearer ${apiKey}`
        }
      });
      
      const data = await response.json();
      
      if (!data.success) {
        throw new Error(data.error || 'Failed to get job status');
      }
      
      onStatusUpdate(data.job);
      
      // Adjust polling interval based on job status
      if (data.job.status === 'pending') {
        pollInterval = Math.min(pollInterval * 1.2, maxInterval); // Gradually increase interval
      } else if (data.job.status === 'processing') {
        pollInterval = 5000; // 5 seconds for processing jobs
      } else {
        // Job is completed, failed, or cancelled
        return; // Stop polling
      }
      
      // Schedule next poll
      setTimeout(checkStatus, pollInterval);
    } catch (error) {
      console.error('Error polling job status:', error);
      // Implement backoff for errors
      pollInterval = Math.min(pollInterval * 2, 30000); // Max 30 seconds on error
      setTimeout(checkStatus, pollInterval);
    }
  };
  
  // Start polling
  checkStatus();
}

